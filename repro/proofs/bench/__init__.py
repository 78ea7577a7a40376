"""Speed and memory, measured on the machine at hand and written with its name and the date."""

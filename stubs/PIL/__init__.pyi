# What tools/pictures uses of it: it comes with matplotlib.

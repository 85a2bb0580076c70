# What tools/pictures uses of it: the library comes with `make pictures`, not with `dev`.

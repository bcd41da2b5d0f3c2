"""HTTP: the control application, and the bytes of kernels, initrds and images."""

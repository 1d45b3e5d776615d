# Labels of test executables other than quick.

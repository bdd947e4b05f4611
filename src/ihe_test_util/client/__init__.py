"""One way to call any transaction of any peer."""

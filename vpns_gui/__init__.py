"""The window of VPNs Studio: never imports torch outside the run thread."""

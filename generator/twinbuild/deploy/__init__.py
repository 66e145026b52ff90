"""What a running release needs and how it is rolled out. Pure: values in, bytes out."""

"""Protocol cores without I/O: bytes on one side, typed values on the other, state tables between them."""

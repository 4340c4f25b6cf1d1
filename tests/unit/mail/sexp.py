"""Reads IMAP's parenthesised data back, strictly, so that tests can judge what would be sent."""


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.pos = data, 0

    def value(self):
        data, char = self.data, self.data[self.pos : self.pos + 1]
        if char == b"(":
            self.pos += 1
            out = []
            while data[self.pos : self.pos + 1] != b")":
                assert self.pos < len(data), "an open list"
                if data[self.pos : self.pos + 1] == b" ":
                    self.pos += 1
                out.append(self.value())
            self.pos += 1
            return out
        if char == b'"':
            out, self.pos = b"", self.pos + 1
            while data[self.pos : self.pos + 1] != b'"':
                if data[self.pos] == 92:
                    self.pos += 1
                    assert data[self.pos] in b'"\\'
                assert 0 < data[self.pos] < 128 and data[self.pos] not in b"\r\n"
                out += data[self.pos : self.pos + 1]
                self.pos += 1
            self.pos += 1
            return out
        if char == b"{":
            end = data.index(b"}\r\n", self.pos)
            length = int(data[self.pos + 1 : end])
            self.pos = end + 3 + length
            assert self.pos <= len(data)
            return data[end + 3 : self.pos]
        start = self.pos
        while self.pos < len(data) and data[self.pos] not in b" ()":
            self.pos += 1
        word = data[start : self.pos]
        if word == b"NIL":
            return None
        return int(word)


def read(data: bytes):
    reader = Reader(data)
    value = reader.value()
    assert reader.pos == len(data)
    return value

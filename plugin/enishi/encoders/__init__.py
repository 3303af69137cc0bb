"""Encoders: posts -> vectors, behind the one protocol of :class:`enishi.types.Encoder`."""

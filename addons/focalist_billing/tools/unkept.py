"""How it is told that statements are made to be counted, and rolled back."""

#: In the context, by identity: so that no request can send it.
UNKEPT = object()

"""Whether a supernet ranks architectures as training them does."""

"""The pages on how a partner's software is connected."""

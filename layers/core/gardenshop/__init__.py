"""The shared layer of the garden and the shop: cloud access, document models, pure rules and shared write flows."""

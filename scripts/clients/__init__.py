"""What other programs need to know of the functions: TypeScript declarations and OpenAPI."""

"""Parts of the token-based methods: jigsaw patches, prompts, local refinement, text towers."""

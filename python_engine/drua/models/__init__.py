"""Model packages: what a model is (`card`) and where models are found (`catalog`)."""

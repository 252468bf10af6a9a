"""Training: from a user's own images to a package that is ready to use. Plain PyTorch.

`examples` reads images and pairs; `blindspot` hides pixels where there is no clean target; `network` is what
learns, `losses` by what; `loop` trains, stops and resumes; `package` writes what came out; `tasks` puts them
together for the command line and the protocol. Importing this package imports no torch.
"""

"""What a page takes for granted: settings of its gateway, commands before its first one, and what stands for its placeholders."""

SCENES = {}

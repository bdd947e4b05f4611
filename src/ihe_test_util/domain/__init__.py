"""What the mock knows and can do, as plain operations; handed in, never global."""

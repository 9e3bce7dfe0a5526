"""Pages as a person sees them, in the Chromium of the system."""

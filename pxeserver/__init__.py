"""Boot server: which machine is this, and what should it boot?"""

"""What would keep machines from booting, found before they try: one file a subject, each says what to do."""

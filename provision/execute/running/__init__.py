"""What only a running system needs: units restarted, networks reloaded, and the way back."""

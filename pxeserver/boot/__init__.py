"""What happens between power-on and a joined cluster: steps, decisions, boot scripts."""

"""What clouds and drives say about the network, translated into the language's section `network`; all pure."""

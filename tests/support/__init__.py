"""What tests share: clients, scenarios, servers in processes of their own. Holds no expectation."""

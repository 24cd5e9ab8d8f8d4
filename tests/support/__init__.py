"""What tests share: clients, scenarios, servers in separate processes. Contains no assertions about the product."""

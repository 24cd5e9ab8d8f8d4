"""Owns how a job stands with the public: its status and the reasons that partners are told."""

"""Random histories compared with plain models and laws."""

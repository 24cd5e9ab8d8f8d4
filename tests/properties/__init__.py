"""Random histories against plain models and laws."""

"""What searching and retraining share: the faces to learn from and to validate on, the steps, the validation."""

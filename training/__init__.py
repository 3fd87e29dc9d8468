"""What searching and retraining share: the faces they learn from and are judged on, their steps, their validation."""

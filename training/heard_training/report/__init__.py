"""The model card, and the saved measurements that it tells of."""

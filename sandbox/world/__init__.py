"""The generated world: its users, posts, comments, sounds and hashtags, all derived from one seed number."""

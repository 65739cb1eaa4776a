"""What runs outside the window's thread: the workers, their lanes and jobs, the keeper of the project."""

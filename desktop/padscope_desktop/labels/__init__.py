"""Label mode: masks painted on the picture, stored stroke by stroke."""

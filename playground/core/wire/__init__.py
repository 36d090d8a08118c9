"""A request as it goes out: headers, body, and why each parameter is sent or not."""

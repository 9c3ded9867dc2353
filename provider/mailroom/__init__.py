"""Mail that comes in: taken at the door, stored before it is answered for, and filed for staff by a job."""

"""Teachers as a Kolibri-like application would keep them for Morango."""
from django.db import models
from morango.models.core import SyncableModel
from morango.models.fields.uuids import UUIDField


class Teacher(SyncableModel):
    morango_profile = "roster"
    morango_model_name = "teacher"

    dataset = UUIDField()
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=100)
    school = models.CharField(max_length=100)
    grade = models.IntegerField()

    def calculate_source_id(self):
        return self.email

    def calculate_partition(self):
        return f"{self.dataset}:teacher"

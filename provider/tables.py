"""Every table of the house, known to the metadata once this is imported."""

import provider.accounts.models
import provider.affiliations.models
import provider.books.models
import provider.cards.models
import provider.catalog.models
import provider.clocks.models
import provider.credits.models
import provider.disclosures.models
import provider.documents.models
import provider.enrollments.models
import provider.exams.models
import provider.externships.models
import provider.fieldwork.models
import provider.files.models
import provider.history.models
import provider.jobs.models
import provider.ledger.models
import provider.mail.models
import provider.mailroom.models
import provider.oversight.models
import provider.payments.models
import provider.places.models
import provider.policies.models
import provider.programs.models
import provider.refunds.models
import provider.school.models
import provider.search.models
import provider.tasks.models
import provider.threads.models
import provider.tuition.models
import provider.verification.models  # noqa: F401 - imported for the metadata

"""Where documents live: tables, unit of work, repository, filters to SQL, migrations."""

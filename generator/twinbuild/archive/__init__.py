"""Archives: releases that are kept for years, with everything that is needed to build them again."""

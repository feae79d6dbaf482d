-- Orders that lack an exchange rate are asked for by every look at what is foreseen; other errors of a run can be a million.
CREATE INDEX import_error_no_rate ON import_error (run, value) WHERE reason = 'import.no_rate' AND notice = 0;

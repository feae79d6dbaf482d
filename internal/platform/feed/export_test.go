package feed

// SQLRead is the text of Read, whose plan a test looks at.
const SQLRead = sqlRead

package ui

// Filters stand above a list: search as you type, what is filtered, in words,
// and what else can be filtered.
type Filters struct {
	Search *SearchField // nil for none
	Chips  []FilterChip // filters in force
	Menus  []FilterMenu // filters that can be added
	Clear  string       // address without any filter, "" when there is none
	Hidden []Hidden     // the rest of the state in the address, sent with the search
	Tools  []Anchor     // links at the right
}

// SearchField searches the list below it as one types.
type SearchField struct {
	Action      string // GET, the address of the list
	Name        string // of the parameter
	Value       string
	Placeholder string
	Target      string // ID of the Table that is replaced
}

// FilterChip is one filter in force, in words: "Land: Österreich".
type FilterChip struct {
	Text   string
	Remove string // address without it
}

// FilterMenu offers the values of one filter.
type FilterMenu struct {
	Label   string
	Choices []Choice
}

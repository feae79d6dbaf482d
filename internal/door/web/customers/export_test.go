package customers

// What tests outside see of the words for foreign names.
var (
	EventName    = eventName
	PropertyName = propertyName
	StatusName   = statusName
)

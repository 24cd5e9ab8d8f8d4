"""The rooms: the line, the order inside a slice, what each may see of another, purity, the size of folders."""

export function QuantizersTab() { return <p>soon</p>; }

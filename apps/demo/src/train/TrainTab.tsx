export function TrainTab() { return <p>soon</p>; }

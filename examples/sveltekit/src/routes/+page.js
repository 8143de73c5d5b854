// Made when the app is built: a server has no pictures to classify.
export const prerender = true;

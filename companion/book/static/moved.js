// A page that has moved sends its reader on at once, to the same place on the new page.
const on = document.getElementById("on");
if (location.hash && !new URL(on.href).hash) on.href += location.hash;
location.replace(on.href);
